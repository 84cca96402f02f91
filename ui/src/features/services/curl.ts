/** A shell word that stands for exactly this text. */
const quoted = (s: string) => `'${s.replaceAll("'", "'\\''")}'`;

/** A call that a service of the shipped catalog answers; a service that the operator added is asked for its root. */
const CALLS: Record<string, { path: string; post?: string }> = {
  seal: { path: '/v1/service' },
  grpc: { path: '/sui.rpc.v2.LedgerService/GetServiceInfo', post: '{}' },
  graphql: { path: '/graphql', post: '{"query":"{ chainIdentifier }"}' },
};

/** The command that sends one request with the key. Without an address from the server, the shell's variable stands for it. */
export function curlExample(edgeUrl: string | undefined, service: string, key: string): string {
  const { path, post } = CALLS[service] ?? { path: '/' };
  const target = edgeUrl ? quoted(`${edgeUrl.replace(/\/+$/, '')}${path}`) : `"$SUIFTLY_API${path}"`;
  const body = post ? ` \\\n  -H 'Content-Type: application/json' -d ${quoted(post)}` : '';
  return `curl -i ${target} \\\n  -H ${quoted(`X-API-Key: ${key}`)}${body}`;
}
