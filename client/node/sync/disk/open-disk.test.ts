import { syncDiskContract } from '../../../../test/contract/sync-disk.ts'
import { nodeDiskWorld } from '../../../../test/support/node-disk-world.ts'

syncDiskContract('node', nodeDiskWorld)
