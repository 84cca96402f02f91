/** A shell word that stands for exactly this text. */
const quoted = (s: string) => `'${s.replaceAll("'", "'\\''")}'`;

/** A call that a service of the shipped catalog answers; a service that the operator added is asked for its root. */
const CALLS: Record<string, { path: string; post?: string }> = {
  seal: { path: '/v1/service' },
  grpc: { path: '/sui.rpc.v2.LedgerService/GetServiceInfo', post: '{}' },
  graphql: { path: '/graphql', post: '{"query":"{ chainIdentifier }"}' },
};

/** The command that sends one request with the key. Variables of the shell stand for an address or a key that is not known. */
export function curlExample(apiUrl: string | undefined, service: string, key?: string): string {
  const { path, post } = CALLS[service] ?? { path: '/' };
  const target = apiUrl ? quoted(`${apiUrl.replace(/\/+$/, '')}${path}`) : `"$SUIFTLY_API${path}"`;
  const body = post ? ` \\\n  -H 'Content-Type: application/json' -d ${quoted(post)}` : '';
  return `curl -i ${target} \\\n  -H ${key ? quoted(`X-API-Key: ${key}`) : '"X-API-Key: $SUIFTLY_KEY"'}${body}`;
}
