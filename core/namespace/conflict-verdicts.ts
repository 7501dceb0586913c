import type { ErrorCode } from '../errors.ts'
import type { Notice } from './model.ts'

/** What becomes of a change whose author had not seen the one before it. */
export type Verdict = {
  answer:
    | { outcome: 'applied'; notice?: Notice }
    | { outcome: 'conflict' }
    | {
        outcome: 'rejected'
        code: Extract<ErrorCode, 'in-trash' | 'name-taken' | 'not-found' | 'version-conflict' | 'would-cycle'>
      }
  /** Whether the node that is answered got a new entry in the journal: every change of anything has one. */
  entry: 'made' | 'none'
  /** What people see. */
  people: string
}

const applied = (people: string, notice?: Notice): Verdict => ({
  answer: { outcome: 'applied', ...(notice && { notice }) },
  entry: 'made',
  people,
})
const unchanged = (people: string): Verdict => ({ answer: { outcome: 'applied' }, entry: 'none', people })
const conflict = (people: string): Verdict => ({ answer: { outcome: 'conflict' }, entry: 'made', people })
type Code = (Verdict['answer'] & { outcome: 'rejected' })['code']
const rejected = (code: Code, people: string): Verdict => ({
  answer: { outcome: 'rejected', code },
  entry: 'none',
  people,
})

/** The closed set of what can happen. Each cell of the matrix names one. */
export const VERDICTS = {
  holds: applied('Both changes hold: they touch different things.'),
  'last-holds': applied('Both changes hold; where they touch the same attribute, the later one.'),
  'goes-along': applied('Both changes hold: what was changed inside goes where the folder goes.'),
  reaches: applied('It happens in the folder, wherever that is now and whatever it is called now.'),
  'copy-of-now': applied('The copy is of what is there now, also of what its maker had not seen.'),
  'free-name': applied('The name is free: it is simply taken.'),
  replaced: applied('What had the name goes to the trash: it is as the second had seen it.'),
  trashed: applied('It goes to the trash as it is now, from where it is now; only new bytes would have saved it.'),
  'stays-outside': applied('The folder goes to the trash; what is not in it any more, or never was, stays.'),
  back: applied('It is out of the trash again, where it was.'),
  lifted: applied(
    'It is out of the trash again, in the folder above: there it has its place since its own was purged.',
  ),
  purged: applied('What is in the trash goes for good.'),
  'newest-wins': applied('The second content is the next version of the file; the first is an older version.'),
  revived: applied(
    'An edit beats a delete: it lives again with these bytes, in its folder or in one of that name. The second is told.',
    'revived',
  ),
  'revived-beside': applied(
    'An edit beats a delete: it lives again with these bytes. Its name was taken, so it has that of a conflicted copy. The second is told.',
    'revived',
  ),
  'nearest-folder': applied(
    'Its folder is gone: it is put into the nearest one that lives. The second is told.',
    'parent-gone',
  ),
  numbered: applied('The name was taken: it gets a number behind its name. The second is told.', 'renamed'),

  already: unchanged('It is so already: one effect, and no conflict.'),
  'same-folder': unchanged('One folder for both; what either puts into it is in it.'),
  labelled: applied('The version has the later label; no content changes.'),
  ended: applied('The conflict is ended: the file stays as it is, the copy beside it goes to the trash.'),

  beside: conflict(
    'Both stay: the first keeps the name, the second becomes a conflicted copy beside it, and a conflict waits for somebody to decide.',
  ),
  'moved-beside': conflict('Both stay: the second comes in under the name of a conflicted copy.'),
  survives: conflict(
    'A delete takes only what the deleter had seen: the folder goes to the trash as a unit, and what is new in it lives on in a folder of that name.',
  ),
  held: conflict('The file stays as it is; the conflict holds the second content until somebody decides.'),

  'newer-content': rejected('version-conflict', 'Refused: there are newer bytes than the second had seen. They stay.'),
  'moved-first': rejected(
    'version-conflict',
    'Refused: it was moved or renamed first. It stays there; the device of the second takes its own move back.',
  ),
  'other-there': rejected(
    'version-conflict',
    'Refused: what has the name now came, or changed, since the second looked. Nobody replaces what he has not seen.',
  ),
  lives: rejected('version-conflict', 'Refused: it lives. Only what is in the trash goes for good.'),
  'ended-otherwise': rejected('version-conflict', 'Refused: the conflict was ended in another way.'),
  'name-taken': rejected(
    'name-taken',
    'Refused: the name is taken. The second chooses another, or uses what is there.',
  ),
  'in-trash': rejected('in-trash', 'Refused: it, or the folder that it should go into, is in the trash.'),
  'gone-for-good': rejected('not-found', 'Refused: it was deleted for good.'),
  cycle: rejected('would-cycle', 'Refused: each would lie in the other. The first move stays.'),
} as const satisfies Record<string, Verdict>

export type VerdictName = keyof typeof VERDICTS

/** First operation → second operation, which has not seen the first → what becomes of the second. A missing cell does not compile. */
export type Table<First extends string, Second extends string> = Record<First, Record<Second, VerdictName>>
