"""What must hold after a run, once the platform is drained and at rest."""
