/** Scenarios that fail, and why: what is to be mended. The test fails when one of them passes. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {}
