import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { JournaledObject, JournaledUpload, UploadJournal } from '../transfer/upload-journal.ts'
import { stateFolder } from './folders.ts'

/** Rows this much past their upload's end are pruned; the margin covers clocks that differ. */
const PRUNE_MARGIN_MS = 24 * 3600 * 1000
const BUSY_TIMEOUT_MS = 5_000

const SCHEMA = `
  create table if not exists upload (
    account text not null, id text not null, expires_at integer not null, primary key (account, id)
  ) without rowid;
  create table if not exists file (
    account text not null, key text not null, upload_id text not null, idx integer not null, sha256 text,
    primary key (account, key)
  ) without rowid;
  create index if not exists file_by_upload on file (account, upload_id);
  create table if not exists object (
    account text not null, upload_id text not null, sha256 text not null, chunks text not null,
    primary key (account, upload_id, sha256)
  ) without rowid;
  pragma user_version = 1;
`

/** SQLite under `$XDG_STATE_HOME/bitvault/`. @param options.account tells servers and users apart: `https://host alice` */
export function openUploadJournal(options: { folder?: string; account: string; clock: () => number }): UploadJournal {
  const { folder = stateFolder(), account, clock } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'uploads.sqlite')
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  chmodSync(path, 0o600)
  // A lost row costs bytes sent again, so that no write waits for the disk.
  db.exec('pragma journal_mode = wal; pragma synchronous = off')
  db.exec(SCHEMA)
  prune(db, clock() - PRUNE_MARGIN_MS)
  return statements(db, account)
}

function prune(db: DatabaseSync, before: number): void {
  const expired = 'select account, id from upload where expires_at < ?'
  inTransaction(db, () => {
    db.prepare(`delete from object where (account, upload_id) in (${expired})`).run(before)
    db.prepare(`delete from file where (account, upload_id) in (${expired})`).run(before)
    db.prepare('delete from upload where expires_at < ?').run(before)
  })
}

function statements(db: DatabaseSync, account: string): UploadJournal {
  const find = db.prepare('select upload_id from file where account = ? and key = ?')
  const files = db.prepare('select key, idx, sha256 from file where account = ? and upload_id = ? order by idx')
  const objects = db.prepare('select sha256, chunks from object where account = ? and upload_id = ?')
  const addUpload = db.prepare('insert or replace into upload values (?, ?, ?)')
  const addFile = db.prepare('insert or replace into file values (?, ?, ?, ?, ?)')
  const addObject = db.prepare('insert or ignore into object values (?, ?, ?, ?)')
  const dropFiles = db.prepare('delete from file where account = ? and upload_id = ?')
  const dropObjects = db.prepare('delete from object where account = ? and upload_id = ?')
  const dropUpload = db.prepare('delete from upload where account = ? and id = ?')

  return {
    find: (fileKey) => (find.get(account, fileKey)?.['upload_id'] as string | undefined) ?? null,
    load: (uploadId): JournaledUpload => ({
      files: files.all(account, uploadId).map((row) => ({
        fileKey: row['key'] as string,
        index: row['idx'] as number,
        sha256: row['sha256'] as string | null,
      })),
      objects: objects
        .all(account, uploadId)
        .map((row) => readObject(row['sha256'] as string, row['chunks'] as string)),
    }),
    begin: ({ uploadId, expiresAt, files: begun }) =>
      inTransaction(db, () => {
        addUpload.run(account, uploadId, expiresAt)
        for (const file of begun) addFile.run(account, file.fileKey, uploadId, file.index, file.sha256)
      }),
    addObjects: (uploadId, added) =>
      inTransaction(db, () => {
        for (const { sha256, chunks } of added) addObject.run(account, uploadId, sha256, chunks.join(' '))
      }),
    end: (uploadId) =>
      inTransaction(db, () => {
        for (const statement of [dropObjects, dropFiles, dropUpload]) statement.run(account, uploadId)
      }),
    close: () => db.close(),
  }
}

const readObject = (sha256: string, chunks: string): JournaledObject => ({ sha256, chunks: chunks.split(' ') })

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec('begin immediate')
  try {
    work()
    db.exec('commit')
  } catch (error) {
    db.exec('rollback')
    throw error
  }
}
