"""What every floor stands on and no other project would miss: nothing here knows of models, services or training."""
