import { expect } from 'vitest'
import type { MutationResult } from '../../protocol/files.ts'
import { type Account, chunkedFile, inlineFile, put, sha256, someBytes } from '../support/account.ts'

/**
 * One upload with every way in which bytes travel: a file inline, one as an object of its own, two inside a pack. All bytes
 * and mutation ids are fixed when it is planned, so that it can be repeated to the letter.
 */
export type MixedUpload = {
  init: { files: { mutationId: string }[]; requests: 'none' }
  objects: { sha256: string; size: number; pack?: { sha256: string; size: number }[] }[]
  /** What to PUT, by the hash of the object. */
  bodies: Map<string, Uint8Array>
  /** Bytes by mutation id. */
  files: Map<string, Uint8Array>
}

export type Results = Map<string, MutationResult>

export function planMixedUpload(parent: string, label: string): MixedUpload {
  const inline = Buffer.from(`${label} inline`)
  const alone = someBytes(9_000)
  const packed = [someBytes(5_000), someBytes(6_000)]
  const inits = [
    inlineFile(parent, `${label} inline`, inline.toString()),
    chunkedFile(parent, `${label} alone`, alone),
    ...packed.map((bytes, i) => chunkedFile(parent, `${label} packed ${i}`, bytes)),
  ]
  const pack = Buffer.concat(packed)
  const members = packed.map((bytes) => ({ sha256: sha256(bytes), size: bytes.length }))
  return {
    init: { files: inits, requests: 'none' },
    objects: [
      { sha256: sha256(alone), size: alone.length },
      { sha256: sha256(pack), size: pack.length, pack: members },
    ],
    bodies: new Map([alone, pack].map((bytes) => [sha256(bytes), bytes])),
    files: new Map([inline, alone, ...packed].map((bytes, i) => [inits[i]!.mutationId, bytes])),
  }
}

type Call = Account['call']

/** init → PUT: everything but the commit. @returns the upload, `null` when nothing was left to upload */
export async function stage(call: Call, plan: MixedUpload): Promise<{ uploadId: string | null; results: Results }> {
  const init = await call('POST', '/v1/files', plan.init)
  expect(init, JSON.stringify(init.body)).toMatchObject({ status: 201 })
  const { uploadId, files } = init.body
  const results: Results = new Map()
  for (const { mutationId, result } of files) if (result) results.set(mutationId, result)
  if (uploadId !== null) await send(call, uploadId, plan)
  return { uploadId, results }
}

async function send(call: Call, uploadId: string, plan: MixedUpload): Promise<void> {
  const signed = await call('POST', `/v1/uploads/${uploadId}/objects`, { objects: plan.objects })
  expect(signed, JSON.stringify(signed.body)).toMatchObject({ status: 200 })
  for (const { sha256: hash, request } of signed.body.requests) {
    const { status } = await put(request, plan.bodies.get(hash)!)
    expect([200, 412]).toContain(status) // 412: it has arrived already
  }
}

/** @returns what became of each file that the init had left pending */
export async function commit(call: Call, uploadId: string): Promise<Results> {
  const answer = await call('POST', `/v1/files/${uploadId}/commit`, {})
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  return new Map(answer.body.results.map((result: MutationResult) => [result.mutationId, result]))
}

/** The whole way. */
export async function upload(call: Call, plan: MixedUpload): Promise<{ uploadId: string | null; results: Results }> {
  const { uploadId, results } = await stage(call, plan)
  if (uploadId !== null) for (const [id, result] of await commit(call, uploadId)) results.set(id, result)
  return { uploadId, results }
}

export const nodeIdOf = (result: MutationResult | undefined): string => {
  if (!result || result.outcome === 'rejected') throw new Error(`no node: ${JSON.stringify(result)}`)
  return result.node.id
}
