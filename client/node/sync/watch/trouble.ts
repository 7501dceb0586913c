/** What a person is told; changes are found by the scans in each of them (WA-02). */
export const TROUBLE = {
  limit:
    'the system watches no more folders: changes are found by scans only, until fs.inotify.max_user_watches is raised (sysctl)',
  gone: 'this folder cannot be watched: changes are found by scans only',
} as const
