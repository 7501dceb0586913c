/** What a service at login runs, and with which settings. Never a secret: these files are readable by others, and are backed up. */
export type ServiceProgram = {
  /** Absolute. */
  node: string
  main: string
  env: Readonly<Record<string, string>>
}

export const UNIT_NAME = 'bitvault-sync.service'
export const AGENT_LABEL = 'com.bitvault.sync'
export const TASK_NAME = '\\BitVault\\Sync'

const ARGUMENTS = ['sync', 'daemon']

/** A unit of systemd's user manager: it begins with the first login of the user, and ends with the last. */
export function systemdUnit({ node, main, env }: ServiceProgram): string {
  const settings = Object.entries(env).map(([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}`)
  return `${[
    '# Written by: bitvault sync service install',
    '[Unit]',
    'Description=BitVault: keeps linked folders in step',
    '# However long it fails, it is tried again.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${[node, main, ...ARGUMENTS].map(systemdWord).join(' ')}`,
    ...settings,
    'Restart=on-failure',
    'RestartSec=10',
    '# Transfers are broken off at any time without harm.',
    'TimeoutStopSec=20',
    '',
    '[Install]',
    'WantedBy=default.target',
  ].join('\n')}\n`
}

/** systemd.syntax(7), systemd.service(5): quotes, backslashes, `%` of specifiers and `$` of variables. */
function systemdWord(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
    .replaceAll('\n', '\\n')
  return /^[\w./=:@+,-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** An agent of launchd. @param log where it says what goes wrong */
export function launchdAgent({ node, main, env }: ServiceProgram, log: string): string {
  const strings = (values: readonly string[]) => values.map((value) => `    <string>${xml(value)}</string>`)
  const settings = Object.entries(env).flatMap(([name, value]) => [
    `    <key>${xml(name)}</key>`,
    `    <string>${xml(value)}</string>`,
  ])
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    '  <key>Label</key>',
    `  <string>${AGENT_LABEL}</string>`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...strings([node, main, ...ARGUMENTS]),
    '  </array>',
    '  <key>RunAtLoad</key>',
    '  <true/>',
    '  <key>KeepAlive</key>',
    '  <dict>',
    '    <key>SuccessfulExit</key>',
    '    <false/>',
    '  </dict>',
    '  <key>ThrottleInterval</key>',
    '  <integer>10</integer>',
    ...(settings.length === 0 ? [] : ['  <key>EnvironmentVariables</key>', '  <dict>', ...settings, '  </dict>']),
    '  <key>StandardErrorPath</key>',
    `  <string>${xml(log)}</string>`,
    '</dict>',
    '</plist>',
  ].join('\n')}\n`
}

/**
 * A task of the Windows Task Scheduler. `conhost --headless` gives the program a console that nobody sees. Settings cannot be given along: what is not
 * the default has to be in the user's environment.
 * @param user `DOMAIN\\name`
 */
export function windowsTask({ node, main }: ServiceProgram, user: string): string {
  const run = ['--headless', node, main, ...ARGUMENTS].map((word) => (/[ "]/.test(word) ? `"${word}"` : word)).join(' ')
  return `${[
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    '  <RegistrationInfo>',
    '    <Description>BitVault: keeps linked folders in step</Description>',
    '  </RegistrationInfo>',
    '  <Triggers>',
    '    <LogonTrigger>',
    '      <Enabled>true</Enabled>',
    `      <UserId>${xml(user)}</UserId>`,
    '    </LogonTrigger>',
    '  </Triggers>',
    '  <Principals>',
    '    <Principal id="Author">',
    `      <UserId>${xml(user)}</UserId>`,
    '      <LogonType>InteractiveToken</LogonType>',
    '      <RunLevel>LeastPrivilege</RunLevel>',
    '    </Principal>',
    '  </Principals>',
    '  <Settings>',
    '    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
    '    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    '    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>',
    '    <Hidden>true</Hidden>',
    '    <RestartOnFailure>',
    '      <Interval>PT1M</Interval>',
    '      <Count>255</Count>',
    '    </RestartOnFailure>',
    '  </Settings>',
    '  <Actions Context="Author">',
    '    <Exec>',
    '      <Command>%SystemRoot%\\System32\\conhost.exe</Command>',
    `      <Arguments>${xml(run)}</Arguments>`,
    '    </Exec>',
    '  </Actions>',
    '</Task>',
  ].join('\r\n')}\r\n`
}

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
