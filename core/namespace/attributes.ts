import { AppError } from '../errors.ts'
import { utf8Length } from '../names.ts'
import type { NodeState, Outcome, SetAttributes } from './model.ts'
import { requireActive, requireWritable } from './rules.ts'
import { putNode, type View } from './view.ts'

export const PROPERTIES_MAX = 64
export const PROPERTY_KEY_MAX_BYTES = 128
export const PROPERTY_VALUE_MAX_BYTES = 1024
/** Keys and values of one node together. */
export const PROPERTIES_MAX_BYTES = 16 * 1024

/**
 * Time, executable bit, properties and conflict policy: whoever comes last has it, each by itself, so two such changes never conflict.
 * The time is kept to the nanosecond, as it was given.
 * @throws session-revoked, not-found, forbidden, in-trash, not-a-file, not-a-folder, invalid-request
 */
export function setAttributes(view: View, mutation: SetAttributes): Outcome {
  const principal = requireActive(view, mutation)
  const node = requireWritable(view, principal, mutation.node, 'node')
  const asked = requireAttributes(node, mutation)
  const isUnchanged =
    asked.mtimeNs === node.mtimeNs &&
    asked.executable === node.executable &&
    asked.conflictPolicy === node.conflictPolicy &&
    isSameProperties(asked.properties, node.properties)
  // Every answer names an entry, and the root of a space has none before its first change.
  if (isUnchanged && node.changedSeq > 0) return { outcome: 'applied', seq: node.changedSeq, node }
  const changed = putNode(view, mutation, 'updated', { ...node, ...asked })
  return { outcome: 'applied', seq: changed.changedSeq, node: changed }
}

function requireAttributes(node: NodeState, asked: SetAttributes) {
  if (asked.executable !== undefined && node.kind !== 'file')
    throw new AppError('not-a-file', { field: 'executable', detail: 'only files are executable' })
  if (asked.conflictPolicy !== undefined && node.kind !== 'folder')
    throw new AppError('not-a-folder', { field: 'conflictPolicy', detail: 'only folders have a conflict policy' })
  return {
    mtimeNs: asked.mtimeNs === undefined ? node.mtimeNs : asked.mtimeNs,
    executable: asked.executable ?? node.executable,
    conflictPolicy: asked.conflictPolicy === undefined ? node.conflictPolicy : asked.conflictPolicy,
    properties: asked.properties === undefined ? node.properties : mergeProperties(node.properties, asked.properties),
  }
}

type Properties = NodeState['properties']

/** Key by key: a property that the change does not name stays. */
function mergeProperties(present: Properties, changes: Record<string, string | null>): Properties {
  const merged = new Map(Object.entries(present ?? {}))
  for (const [key, value] of Object.entries(changes)) {
    requireText(key, PROPERTY_KEY_MAX_BYTES, 'the name of a property')
    if (key === '') throw bad('a property has a name')
    if (value === null) merged.delete(key)
    else {
      requireText(value, PROPERTY_VALUE_MAX_BYTES, 'the value of a property')
      merged.set(key, value)
    }
  }
  if (merged.size > PROPERTIES_MAX) throw bad(`a node has at most ${PROPERTIES_MAX} properties`)
  if (bytesOf(merged) > PROPERTIES_MAX_BYTES)
    throw bad(`the properties of a node have at most ${PROPERTIES_MAX_BYTES} bytes together`)
  return merged.size === 0 ? null : Object.fromEntries(merged)
}

/** What Postgres can keep: well-formed Unicode without NUL. */
function requireText(text: string, maxBytes: number, what: string): void {
  if (!text.isWellFormed() || text.includes('\0')) throw bad(`${what} is well-formed Unicode without NUL`)
  if (utf8Length(text) > maxBytes) throw bad(`${what} has at most ${maxBytes} bytes of UTF-8`)
}

const bad = (detail: string): AppError => new AppError('invalid-request', { field: 'properties', detail })

function bytesOf(properties: Map<string, string>): number {
  let bytes = 0
  for (const [key, value] of properties) bytes += utf8Length(key) + utf8Length(value)
  return bytes
}

function isSameProperties(a: Properties, b: Properties): boolean {
  const left = Object.entries(a ?? {})
  const right = new Map(Object.entries(b ?? {}))
  return left.length === right.size && left.every(([key, value]) => right.get(key) === value)
}
