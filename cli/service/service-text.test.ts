import { describe, expect, test } from 'vitest'
import { testWorld } from '../test-world.ts'
import { serviceOf } from './service.ts'
import { launchdAgent, systemdUnit, windowsTask } from './service-text.ts'

const program = { node: '/usr/bin/node', main: '/opt/bitvault/cli/main.ts', env: {} }

describe('what the system is given', () => {
  test('a systemd user unit, word for word', () => {
    expect(systemdUnit(program)).toBe(`# Written by: bitvault sync service install
[Unit]
Description=BitVault: keeps linked folders in step
# However long it fails, it is tried again.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/bin/node /opt/bitvault/cli/main.ts sync daemon
Restart=on-failure
RestartSec=10
# Transfers are broken off at any time without harm.
TimeoutStopSec=20

[Install]
WantedBy=default.target
`)
  })

  test('paths with blanks, quotes, percent signs and dollars stay what they are', () => {
    const env = { XDG_STATE_HOME: '/st ate/100%' }
    const unit = systemdUnit({ node: '/a b/node', main: '/x/$HOME/"q"\\m.ts', env })
    expect(unit).toContain('ExecStart="/a b/node" "/x/$$HOME/\\"q\\"\\\\m.ts" sync daemon\n')
    expect(unit).toContain('Environment="XDG_STATE_HOME=/st ate/100%%"\n')
  })

  test('a launchd agent is well-formed, and escapes what is XML', () => {
    const agent = launchdAgent({ ...program, main: '/a&b/<c>.ts', env: { XDG_STATE_HOME: '/s' } }, '/log "x"')
    expect(agent).toContain(
      '<string>/a&amp;b/&lt;c&gt;.ts</string>\n    <string>sync</string>\n    <string>daemon</string>',
    )
    expect(agent).toContain('<key>XDG_STATE_HOME</key>\n    <string>/s</string>')
    expect(agent).toContain('<string>/log &quot;x&quot;</string>')
    expect(agent.match(/<\w+(?: [^>]*[^/])?>/g)?.length).toBe(agent.match(/<\/\w+>/g)!.length)
  })

  test('a task of Windows runs it without a window, as the person, for as long as it takes', () => {
    const task = windowsTask({ node: 'C:\\Program Files\\node.exe', main: 'C:\\b\\main.ts', env: {} }, 'HOME\\ada')
    expect(task).toContain(
      '<Arguments>--headless &quot;C:\\Program Files\\node.exe&quot; C:\\b\\main.ts sync daemon</Arguments>',
    )
    expect(task).toContain('<UserId>HOME\\ada</UserId>')
    expect(task).toContain('<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>')
    expect(task).toMatch(/^<\?xml version="1\.0" encoding="UTF-16"\?>\r\n/)
  })
})

describe('where it goes', () => {
  const folders = { XDG_CONFIG_HOME: '/config', XDG_STATE_HOME: '/state', XDG_CACHE_HOME: '/cache' }
  const env = { ...folders, BITVAULT_TOKEN: 'bvt_secret', PATH: '/bin' }

  test('settings that are not where they would be go along, secrets never do', () => {
    const { path, text, enable } = serviceOf(testWorld({ env }))
    expect(path).toBe('/config/systemd/user/bitvault-sync.service')
    expect(text).toContain(
      'Environment=XDG_CONFIG_HOME=/config\nEnvironment=XDG_STATE_HOME=/state\nEnvironment=XDG_CACHE_HOME=/cache\n',
    )
    expect(text).not.toMatch(/bvt_|PATH/)
    expect(enable.at(-1)).toEqual(['systemctl', '--user', 'enable', '--now', 'bitvault-sync.service'])
  })

  test('on macOS and Windows it is theirs', () => {
    expect(serviceOf(testWorld({ platform: 'darwin' })).path).toBe(
      '/home/test/Library/LaunchAgents/com.bitvault.sync.plist',
    )
    expect(serviceOf(testWorld({ platform: 'win32' })).enable[0]).toEqual(
      expect.arrayContaining(['schtasks', '/Create', '\\BitVault\\Sync']),
    )
  })
})
