/** A file's bytes as any plain client gets them: whatever way the server answers, and by whatever route they come. */
export async function readBack(url: string, token: string, nodeId: string, revision?: number): Promise<Buffer> {
  const query = revision === undefined ? '' : `?revision=${revision}`
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}/v1/files/${nodeId}/content${query}`, { headers })
  if (!answer.ok) throw new Error(`reading answered ${answer.status}: ${await answer.text()}`)
  return Buffer.from(await answer.arrayBuffer())
}
