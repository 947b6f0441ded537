"""What people see and own: conversations, pages, API. Knows nothing of jobs or models."""
