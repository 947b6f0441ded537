"""What the AI decides: workflow, prompt, model. No SQL, no Redis, no Flask."""
