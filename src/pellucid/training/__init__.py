"""How a model learns: recipe, loss, schedule, optimizer, trainer, checkpoints."""
