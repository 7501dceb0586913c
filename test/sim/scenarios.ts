import type { Scenario } from './scenario.ts'
import { ANSWERS } from './scenarios/answers.ts'
import { CRASHES } from './scenarios/crashes.ts'
import { CREATE_CREATE } from './scenarios/create-create.ts'
import { DATABASES } from './scenarios/databases.ts'
import { DISK_TROUBLE } from './scenarios/disk-trouble.ts'
import { EDIT_DELETE } from './scenarios/edit-delete.ts'
import { EDIT_EDIT } from './scenarios/edit-edit.ts'
import { FOLDER_DELETES } from './scenarios/folder-deletes.ts'
import { IGNORING } from './scenarios/ignoring.ts'
import { JOURNAL } from './scenarios/journal.ts'
import { KINDS } from './scenarios/kinds.ts'
import { LINKS } from './scenarios/links.ts'
import { METADATA } from './scenarios/metadata.ts'
import { MOVES } from './scenarios/moves.ts'
import { MOVES_AND_DELETES } from './scenarios/moves-and-deletes.ts'
import { MOVES_MEET } from './scenarios/moves-meet.ts'
import { NAMES } from './scenarios/names.ts'
import { NAMES_HARD } from './scenarios/names-hard.ts'
import { NETWORK } from './scenarios/network.ts'
import { RENAMES } from './scenarios/renames.ts'
import { RESTORES } from './scenarios/restores.ts'
import { RIGHTS } from './scenarios/rights.ts'
import { ROOTS } from './scenarios/roots.ts'
import { SAVES } from './scenarios/saves.ts'
import { SCALE } from './scenarios/scale.ts'
import { SELECTION } from './scenarios/selection.ts'
import { SHARES } from './scenarios/shares.ts'
import { TIMES } from './scenarios/times.ts'
import { WATCHING } from './scenarios/watching.ts'
import { WRITING } from './scenarios/writing.ts'

/** Every case of SYNC-CASES that a simulated world can show (docs/spec/sync-cases.md), and what seeds have found. */
export const SCENARIOS: readonly Scenario[] = [
  ...EDIT_EDIT,
  ...CREATE_CREATE,
  ...EDIT_DELETE,
  ...MOVES,
  ...MOVES_MEET,
  ...MOVES_AND_DELETES,
  ...RENAMES,
  ...NAMES,
  ...NAMES_HARD,
  ...KINDS,
  ...FOLDER_DELETES,
  ...LINKS,
  ...METADATA,
  ...TIMES,
  ...WRITING,
  ...SAVES,
  ...CRASHES,
  ...DISK_TROUBLE,
  ...WATCHING,
  ...ROOTS,
  ...DATABASES,
  ...JOURNAL,
  ...RESTORES,
  ...ANSWERS,
  ...NETWORK,
  ...SCALE,
  ...SELECTION,
  ...IGNORING,
  ...RIGHTS,
  ...SHARES,
]
