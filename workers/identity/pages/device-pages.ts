import { html } from 'hono/html'
import { showUserCode } from '../../../core/identity/device-code.ts'
import type { Account } from '../../../db/system/identity/accounts.ts'
import { page, type Html } from './design.ts'
import { alertOf, field, guard, hidden, type FormState } from './form.ts'

const signedInAs = (account: Account): Html =>
  html`<footer>Signed in to ${account.tenantName} as ${account.email}<br /><a href="/login">Your account</a></footer>`

export const codePage = (state: FormState, account: Account): Html =>
  page(
    'Connect a device',
    html`<p class="soft">Enter the code that your device shows. Never enter a code that somebody sent you.</p>
      ${alertOf(state, ['code'])}
      <form method="post" action="/device" class="code">
        ${guard(state)}
        ${field(state, { name: 'code', label: 'Code', autocomplete: 'off', autofocus: true, minLength: 8, maxLength: 16 })}
        <button>Continue</button>
      </form>
      ${signedInAs(account)}`,
  )

export type Consent = {
  userCode: string
  deviceName: string
  askedAgo: string
  /** Where the device asked from, and where this browser is; null when the server cannot tell. */
  deviceAddress: string | null
  browserAddress: string | null
}

/** T19: who asks, from where, for what; and the question whether this person started it. */
export const consentPage = (state: FormState, consent: Consent, account: Account): Html =>
  page(
    'Let this device in?',
    html`<dl>
        <dt>Device</dt>
        <dd>${consent.deviceName}</dd>
        <dt>Code</dt>
        <dd><code>${showUserCode(consent.userCode)}</code></dd>
        <dt>Asked</dt>
        <dd>${consent.askedAgo}</dd>
        <dt>From</dt>
        <dd>${consent.deviceAddress ?? 'an address that this server cannot see'}</dd>
      </dl>
      ${addressWarning(consent)}
      <p>
        <strong>Did you start this yourself, just now?</strong> Say yes only if you see this code on a device in front
        of you.
      </p>
      <p class="small soft">As ${account.displayName} in ${account.tenantName}, it will be able to:</p>
      <ul class="small soft">
        <li>see, add, change and delete every file that you can</li>
        <li>stay signed in until it signs out, or for a year at most</li>
      </ul>
      <form method="post" action="/device">
        ${guard(state)}${hidden('code', consent.userCode)}
        <div class="pair">
          <button class="plain" name="decision" value="deny">No, deny</button>
          <button name="decision" value="approve">Yes, let it in</button>
        </div>
      </form>
      ${signedInAs(account)}`,
  )

function addressWarning({ deviceAddress, browserAddress }: Consent): Html | '' {
  if (deviceAddress === null || browserAddress === null || deviceAddress === browserAddress) return ''
  return html`<div class="warn" role="alert">
    The device asked from another place than this browser (${browserAddress}). If somebody told you to enter this code,
    deny it.
  </div>`
}
