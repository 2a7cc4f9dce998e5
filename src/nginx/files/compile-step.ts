// How far a compile has come: what tests kill the controller by.

export type CompileStep = 'staged' | 'tested' | 'noted' | 'swapped' | 'signalled' | 'live';
