"""What the three services share: small modules, one idea each."""
