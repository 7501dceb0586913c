import type { LinkStatus } from './link-status.ts'

type Shown = Pick<NonNullable<LinkStatus['brake']>, 'mass'> & { items: string; of: string }

/** What waits for an answer, in a sentence without its end. No name of a file is in it. */
export const brakeText = ({ mass, items, of }: Shown): string =>
  mass === 'older'
    ? `${items} of ${of} are older than they were, and would become the newest versions`
    : `${items} of ${of} would be deleted`
