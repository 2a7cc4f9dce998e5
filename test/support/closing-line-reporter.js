// jest reporter whose last line is `N passed, N failed`, for people and scripts that read only that line; before it a line
// `failed in PATH` for each file with a failure. A suite that cannot even be loaded counts as a failed test: nothing that
// is broken is counted as nothing.
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    for (const { testFilePath, numFailingTests, testExecError } of results.testResults)
      if (numFailingTests > 0 || testExecError) process.stdout.write(`failed in ${testFilePath}\n`);
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    process.stdout.write(`${line}\n`);
  }
}
