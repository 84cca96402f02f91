import { type ReactNode, useEffect } from 'react';

/** The top of every page: its one h1, and the document's title with it. Focus comes here after a change of page. */
export function PageHeader({
  title,
  section,
  description,
  eyebrow,
  badge,
  actions,
}: {
  title: string;
  /** What stands between the page and the product in the document's title: "Seal · Services · Suiftly". */
  section?: string;
  description?: ReactNode;
  eyebrow?: ReactNode;
  badge?: ReactNode;
  actions?: ReactNode;
}) {
  useEffect(() => {
    document.title = [title, section, 'Suiftly'].filter(Boolean).join(' · ');
  }, [title, section]);
  return (
    <div data-slot="page-header" className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {eyebrow && <div className="mb-1 text-[13px] text-muted-foreground">{eyebrow}</div>}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 tabIndex={-1} className="rounded-sm text-[26px] leading-8 font-semibold break-words outline-none">
            {title}
          </h1>
          {badge}
        </div>
        {description && <p className="mt-1 text-pretty text-muted-foreground">{description}</p>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}
