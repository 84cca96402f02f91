/** Where to go after sign-in: only a path of this site. `//evil.example`, `/\evil` and absolute URLs become the overview. */
export function safeRedirect(to: string | undefined): string {
  if (!to || !/^\/(?![/\\])/.test(to) || /[\t\n\r]/.test(to)) return '/';
  return to === '/login' || to.startsWith('/login?') ? '/' : to;
}
