"""What transforms mean on abstract values: containers, `argnums`, refusals, and the `Apply` that each writes."""
