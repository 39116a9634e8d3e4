"""Whether one hazard ratio describes two groups: HR(t), its marginal likelihood and posterior, thirds of the events."""
