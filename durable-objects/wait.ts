/** A pause, in every runtime that this code is checked and tested for. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))
