export type SystemCode = 'EEXIST' | 'ENOENT' | 'EINVAL' | 'ENOTDIR' | 'EISDIR' | 'EXDEV' | 'ESTALE'

/** An error like those of the system, for what we find out before it does. Its text holds no name. */
export const systemError = (code: SystemCode, message: string): Error & { code: SystemCode } =>
  Object.assign(new Error(`${code}: ${message}`), { code })

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code
