/**
 * Names that some file system takes for one: they differ in case or in Unicode normalisation. Only a key to look names up by;
 * whether a device tells two such names apart is said by its abilities (names.ts). Version 1: what is stored by this key is
 * computed anew when it changes.
 */
export const ALIKE_VERSION = 1
export const alike = (name: string): string => name.normalize('NFC').toLowerCase().normalize('NFC')
