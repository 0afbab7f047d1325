"""JSON as the protocol has it, and what is made from the calls: OpenAPI and TypeScript."""
