/** What the explorer's page may load and do: nothing from elsewhere, no evaluated code, no frame around it. */
export const PAGE_POLICY = join([
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  // Altair's editor and menus set styles on elements.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]);

/** The frame in which Altair runs the request scripts of a tab: they reach the network through the page alone. */
export const SCRIPT_FRAME_POLICY = join([
  "default-src 'none'",
  "script-src 'self' 'unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'self'",
]);

function join(directives: string[]): string {
  return directives.join('; ');
}
