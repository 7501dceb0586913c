/** The folder on the server that the root stands for is in the trash, purged, or may not be read any more: nothing is done (SV-11, SH-09). */
export class RootGone extends Error {
  constructor() {
    super('the folder on the server is not there any more')
    this.name = 'RootGone'
  }
}
