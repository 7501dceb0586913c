/** What can be wrong. Each names the rows or objects by their ids. */
export type AuditCheck =
  | 'orphan-objects' // no chunk names it, and its upload is long over or unknown
  | 'dangling-references' // a chunk that may be served, and its object is missing or too short
  | 'references-to-deleted' // a content names a chunk that is being deleted
  | 'incomplete-contents' // a content lacks chunks or bytes
  | 'versions-without-content'
  | 'unreferenced-contents' // no version and no conflict refers to it: nobody would ever collect it
  | 'conflicts-without-original' // the node that a conflict is of is gone
  | 'journal-gaps' // a tenant's journal is not horizon + 1 … head, each once
  | 'files-without-version'
  | 'nodes-without-parent' // its parent is missing, no folder, or in another space
  | 'folders-without-root' // nothing above it is the root of a space: a circle, or a parent that is missing
  | 'names-taken-twice' // living siblings of one name
  | 'changed-below-purged' // it came or changed in a folder that was purged already
  | 'nodes-unlike-journal' // a row is not as the entry says that changed it last
  | 'unswept-uploads' // long over, and nobody has collected what they left
  | 'unfinished-deletions' // began to be deleted long ago, still there
  | 'unfinished-purges' // purged long ago, still there

export const FIRST_IDS = 20

export type Finding = {
  count: number
  /** At most 20. */
  first: string[]
}
