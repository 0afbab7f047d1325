"""Webhooks, and the messages that are to be sent to them.

A message is written in the transaction of the change that it tells of. ``due`` is when it is sent next; whoever sends
it first moves ``due`` on, so that nobody else does for as long. It has no value once a message is delivered or dead.
"""

UP = """
CREATE TABLE webhooks (
    id {id},
    webhook_id {string:64} NOT NULL UNIQUE,
    workspace {string:63} NOT NULL,
    name {string:63} NOT NULL,
    description {text},
    url {string:2000} NOT NULL,
    status {string:16} NOT NULL,
    secret {text},
    creation_time {int} NOT NULL,
    last_update_time {int} NOT NULL
) {table};
CREATE TABLE webhook_events (
    webhook {int} NOT NULL REFERENCES webhooks (id),
    entity {string:32} NOT NULL,
    action {string:16} NOT NULL,
    PRIMARY KEY (webhook, entity, action)
) {clustered};
CREATE INDEX webhook_events_by_kind ON webhook_events (entity, action);
CREATE TABLE webhook_deliveries (
    id {id},
    delivery_id {string:64} NOT NULL UNIQUE,
    webhook {int} NOT NULL REFERENCES webhooks (id),
    event {string:48} NOT NULL,
    payload {text} NOT NULL,
    status {string:16} NOT NULL,
    creation_time {int} NOT NULL,
    due {int},
    attempts {int} NOT NULL,
    last_attempt_time {int},
    response_status {int},
    error_message {text}
) {table};
CREATE INDEX webhook_deliveries_by_due ON webhook_deliveries (due);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, status, id);
"""
