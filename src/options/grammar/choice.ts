// One word of a few, or a list of such words.

import { bad, good, type Parse } from './parsed.ts';

export function choice<const T extends string>(words: readonly T[]): Parse<T> {
  const expected = words.length === 1 ? `"${words[0]}"` : `one of ${words.join(', ')}`;
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? bad(`${expected} is expected`) : good(word);
  };
}

/** As `choice`, whatever the case. */
export function choiceIgnoringCase<const T extends string>(words: readonly T[]): Parse<T> {
  return (text) => {
    const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
    return word === undefined ? bad(`one of ${words.join(', ')} is expected`) : good(word);
  };
}

/** Words separated by spaces; sorted, without repeats; at least one. */
export function words<const T extends string>(known: readonly T[]): Parse<readonly T[]> {
  return (text) => {
    const given = text.length > 1_000 ? [] : text.split(' ').filter((word) => word !== '');
    const found = known.filter((word) => given.includes(word));
    return given.length > 0 && given.every((word) => (known as readonly string[]).includes(word))
      ? good(found.toSorted())
      : bad(`words out of ${known.join(', ')}, separated by spaces, are expected`);
  };
}
