"""The strategy `mle_star`: what others do best, refined block by block where ablation says it matters."""
