/** What a person does, on the disk or on the server. Paths are those of that side at that time. */
export type Change =
  | { do: 'edit'; path: string; text: string }
  | { do: 'create'; path: string; text: string }
  | { do: 'mkdir'; path: string }
  | { do: 'move'; from: string; to: string }
  | { do: 'delete'; path: string }
  | { do: 'chmod'; path: string }

/** `a/` is a folder, `a/f` a file with its path as text. */
export type BaseTree = readonly string[]

/** The tree that a change leaves. */
export function treeAfter(base: BaseTree, change: Change): BaseTree {
  switch (change.do) {
    case 'create':
      return [...base, change.path]
    case 'mkdir':
      return [...base, `${change.path}/`]
    case 'delete':
      return base.filter((path) => path.replace(/\/$/, '') !== change.path && !path.startsWith(`${change.path}/`))
    case 'move':
      return base.map((path) =>
        path.replace(/\/$/, '') === change.from || path.startsWith(`${change.from}/`)
          ? change.to + path.slice(change.from.length)
          : path,
      )
    default:
      return base
  }
}
