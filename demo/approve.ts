/** As much of a browser as approving a device needs: cookies, and the hidden token of forms. */
export const PERSON = {
  organisation: 'Demo',
  name: 'Ada',
  email: 'ada@demo.example',
  password: 'correct horse battery staple',
}

/** Makes the first account, as the set-up page does. */
export async function makeAccount(url: string, setupToken: string): Promise<void> {
  const response = await fetch(`${url}/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: setupToken, ...PERSON }),
  })
  if (response.status !== 201) throw new Error(`setting up answered ${response.status}`)
}

/** Signs in at the page and enters the code that a device shows, as a person would. */
export async function approveDevice(url: string, code: string): Promise<void> {
  const cookies = new Map<string, string>()
  const ask = async (path: string, form?: Record<string, string>): Promise<string> => {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url + path, {
      redirect: 'manual',
      headers: { cookie, origin: url },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const page = await response.text()
    if (response.status >= 400) throw new Error(`${path} answered ${response.status}`)
    return page
  }
  const submit = async (path: string, fields: Record<string, string>): Promise<string> => {
    const [, token = ''] = /name="form_token" value="([^"]+)"/.exec(await ask(path)) ?? []
    return ask(path, { form_token: token, ...fields })
  }
  await submit('/login', { email: PERSON.email, password: PERSON.password, next: '/device' })
  await submit('/device', { code, decision: 'approve' })
}
