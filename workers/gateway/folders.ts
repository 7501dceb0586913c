import type { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { MutationId, NodeId } from '../../core/ids.ts'
import type { CreateFolder } from '../../core/namespace/model.ts'
import { requireName } from '../../core/namespace/rules.ts'
import { createFolderBody, createFoldersBody, type MutationResult } from '../../protocol/files.ts'
import { asAppError } from '../../protocol/problem.ts'
import { actorOf, commitChanges, json, mutationIds, type Call } from './call.ts'
import { sha256Hex } from './hash.ts'
import { readBody } from './read-body.ts'
import { rejected, requireDone, toResult } from './results.ts'

export async function createFolder(call: Call): Promise<Response> {
  const body = await readBody(call.request, createFolderBody)
  const id = mutationIds(call)(body.mutationId, 0)
  const [outcome] = await commitChanges(call, [toCreateFolder(call, id, body.parent as NodeId, body)])
  return json(requireDone(toResult(id, outcome!)), 201)
}

export async function createFolders(call: Call): Promise<Response> {
  const { folders } = await readBody(call.request, createFoldersBody)
  const results: MutationResult[] = []
  const planned: { mutation: CreateFolder; at: number }[] = []
  for (const [at, folder] of folders.entries()) {
    const parent = parentOf(folders, at)
    try {
      planned.push({ mutation: toCreateFolder(call, folder.mutationId, parent, folder), at })
    } catch (error) {
      results[at] = rejected(folder.mutationId, asAppError(error), `folders/${at}/`)
    }
  }
  const mutations = planned.map(({ mutation }) => mutation)
  const outcomes = await commitChanges(call, mutations)
  for (const [i, { mutation, at }] of planned.entries())
    results[at] = toResult(mutation.id, outcomes[i]!, `folders/${at}/`)
  return json({ results })
}

type Folders = z.infer<typeof createFoldersBody>['folders']

function parentOf(folders: Folders, index: number): CreateFolder['parent'] {
  const { parent } = folders[index]!
  if (typeof parent === 'string') return parent as NodeId
  const made = parent.created < index ? folders[parent.created] : undefined
  if (!made)
    throw new AppError('invalid-request', {
      field: `folders/${index}/parent/created`,
      detail: 'names an earlier folder of this list',
    })
  return { madeBy: made.mutationId as MutationId }
}

/** @throws name-invalid: Postgres could not even be asked about some names */
export function toCreateFolder(
  call: Call,
  id: string,
  parent: CreateFolder['parent'],
  folder: { name: string; ifExists: 'fail' | 'keep' },
): CreateFolder {
  const { ifExists } = folder
  const name = requireName(folder.name, 'name')
  const actor = actorOf(call)
  return {
    kind: 'create-folder',
    id: id as MutationId,
    fingerprint: sha256Hex(JSON.stringify(['create-folder', actor.userId, parent, name, ifExists])),
    actor,
    traceparent: call.span.traceparent(),
    parent,
    name,
    ifExists,
  }
}
