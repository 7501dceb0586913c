import { findNameFault, nameFaultDetail } from '../core/names.ts'
import { usageError } from './failure.ts'

/**
 * `space/folder/file` as a person types it. A leading `/` and doubled slashes mean nothing, as in a shell; a trailing one says
 * "this is a folder". `home` is the personal space. `.` and `..` are refused: no path here is relative to another.
 */
export type RemotePath = {
  /** Space first; empty = the list of spaces. */
  segments: string[]
  /** Written with a slash at the end. */
  isFolder: boolean
}

/** Throws a usage error (`name-invalid`) for a name that cannot exist. */
export function parseRemotePath(text: string): RemotePath {
  const segments = text.split('/').filter((segment) => segment !== '')
  for (const segment of segments) {
    const fault = findNameFault(segment)
    if (fault !== null) throw usageError(`“${segment}” cannot be a name: ${nameFaultDetail(fault)}`, 'name-invalid')
  }
  return { segments, isFolder: text.endsWith('/') }
}

/** As `parseRemotePath`, for commands that need at least a space. */
export function parseRemotePathInSpace(text: string): RemotePath {
  const path = parseRemotePath(text)
  if (path.segments.length === 0)
    throw usageError('a path begins with a space, as in home/photos; bitvault spaces lists yours')
  return path
}

export const formatRemotePath = (segments: readonly string[]): string => segments.join('/')
/** For `GET /v1/resolve?path=`. */
export const joinRemotePath = (path: RemotePath, ...more: string[]): string => [...path.segments, ...more].join('/')

/** As `parseRemotePathInSpace`, for what can be moved, copied or deleted: a space itself cannot. */
export function parseRemotePathBelowSpace(text: string): RemotePath {
  const path = parseRemotePathInSpace(text)
  if (path.segments.length < 2)
    throw usageError(`${path.segments[0]} is a whole space: name something in it, as in home/photos`)
  return path
}
