"""What happens between inbox and responder: a turn is claimed, advanced, landed."""
