import { cpus, loadavg } from 'node:os'

/** What else went on: the load of the last minute, which this benchmark is a part of, and the number of processors. */
export const machineLoad = (): string => `${loadavg()[0]!.toFixed(1)} on ${cpus().length} processors`
