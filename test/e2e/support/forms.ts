// The two forms in which a host is served; what holds for one has to hold for the other.

export const FORMS = [
  { form: 'compiled', flags: ['--compile', 'at-once'] },
  { form: 'interpreted', flags: ['--compile', 'never'] },
] as const;
