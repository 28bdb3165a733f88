"""Pictures drawn from a prompt: the same prompt and number give the same picture."""
