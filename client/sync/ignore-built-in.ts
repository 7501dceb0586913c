/** How a file browser shows a folder: macOS, Windows. It is made anew wherever it is missing. */
const SYSTEM_LITTER = ['.DS_Store', 'Thumbs.db', 'desktop.ini']
export const isSystemLitter = (name: string): boolean => SYSTEM_LITTER.includes(name)

/**
 * What programs and systems put beside a person's files for a moment, or for themselves alone (AS-03). Each is a name that only such a program gives: a
 * person's own file must never be hidden by one of these, so `*.tmp`, `*.bak` and `*~` are not among them. A `!` line in
 * `.bitvaultignore` takes one back.
 */
export const BUILT_IN_RULES = [
  // Lock files: Microsoft Office, LibreOffice
  '~$*.[dDpPxXvVoO][a-zA-Z][a-zA-Z]*',
  '.~lock.*#',
  // Swap files of vim: .name.swp, .swo, … .swa
  '.*.sw[a-p]',
  // Files that are deleted, and still open: NFS, FUSE
  '.nfs[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*',
  '.fuse_hidden[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*',
  // Half saved: GLib (gedit, GNOME)
  '.goutputstream-[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]',
  ...SYSTEM_LITTER,
]

/** How each name begins that one of these, or `isEmacsLock`, speaks of. */
const BEGINNINGS = /(?:^|\/)(?:\.|~\$|thumbs\.db|desktop\.ini)/i

/** `false`: no name of this path is one of these. Asked of each file there is: hardly any is, and rules are dear. */
export const mayBeBuiltIn = (path: string): boolean => BEGINNINGS.test(path)

/** Lock files of Emacs are links that lead nowhere: of files the same name is a person's own. */
export const isEmacsLock = (name: string, kind: string): boolean => kind === 'symlink' && name.startsWith('.#')
