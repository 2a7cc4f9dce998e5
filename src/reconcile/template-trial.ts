// Which templates make the files: the newest, unless they cannot render or nginx has refused what they made; then the
// last good ones. Nginx's word comes late: newer templates may be there while it still judges what older ones made.

import type { Model } from '../model/model.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';

/** Throws TemplateFailure when the templates cannot render this model. */
export type Render = (model: Model, compile: ReadonlySet<string>) => Rendered;

export interface TemplateTrial {
  use(next: Render): void;
  /** With whom made it. Throws what the good ones throw. */
  render(model: Model, compile: ReadonlySet<string>): { readonly rendered: Rendered; readonly by: Render };
  /** The files under way are made by these. */
  judge(by: Render): void;
  /** nginx took them. */
  taken(files: RenderedFiles): void;
  /** nginx refused text of ours in them: do its templates answer for it? Then others make the next ones. */
  isToBlame(): boolean;
}

export interface TemplateTrialParts {
  readonly render: Render;
  /** The program's own, which are above suspicion. */
  readonly builtIn: Render;
  readonly onFailed: (error: unknown) => void;
}

export function createTemplateTrial({ render: first, builtIn, onFailed }: TemplateTrialParts): TemplateTrial {
  let render = first;
  /** The last whose files nginx took. */
  let good = builtIn;
  /** The good ones before them, as long as nginx has not seen what `good` makes of a host. */
  let before: Render | null = null;
  let judged = first;

  return {
    use(next) {
      render = next;
    },
    render(model, compile) {
      try {
        return { rendered: render(model, compile), by: render };
      } catch (error) {
        if (render === good) throw error;
        onFailed(error);
        render = good;
        return { rendered: good(model, compile), by: good };
      }
    },
    judge(by) {
      judged = by;
    },
    taken(files) {
      if (files.compiled.size > 0) before = null;
      else if (judged !== good) before ??= good;
      good = judged;
    },
    isToBlame() {
      if (judged === good && before !== null) [good, before] = [before, null];
      if (judged === builtIn || judged === good) return false;
      if (render === judged) render = good;
      return true;
    },
  };
}
