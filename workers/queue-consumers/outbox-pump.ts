import { OutboxPumpObject, type PumpWorld } from '../../durable-objects/outbox-pump.ts'
import { openConsumers } from './open-consumers.ts'

/** The pump with our consumers in it. */
export class OutboxPump extends OutboxPumpObject<Env> {
  protected override open(env: Env): PumpWorld {
    return openConsumers(env)
  }
}
