export function Logo({ compact = false }: { compact?: boolean }) {
  return (
    <span className="flex items-center gap-2">
      <svg aria-hidden viewBox="0 0 32 32" className="size-7 shrink-0">
        <rect width="32" height="32" rx="8" className="fill-brand" />
        <path
          d="M8 19.5c2.6-3 5.2-3 7.9-.6 2.6 2.3 5.3 2.4 8.1-.4M8 13.5c2.6-3 5.2-3 7.9-.6 2.6 2.3 5.3 2.4 8.1-.4"
          fill="none"
          stroke="#fff"
          strokeWidth="2.6"
          strokeLinecap="round"
        />
      </svg>
      {!compact && <span className="text-[17px] font-semibold tracking-tight">Suiftly</span>}
    </span>
  );
}
