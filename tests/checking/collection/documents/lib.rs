//! Attention in 80 lines of Rust (edition 2021).
//!
//! A small example, d_k = 2:
//!
//! q_ship · k_ship = 0.4×0.9 + 0.8×0.1 = 0.44
//! q_ship · k_sails = 0.4×0.5 + 0.8×0.6 = 0.68
//!
//! e^(0.44/√2) = 1.3650, e^(0.68/√2) = 1.6174
//!
//! 1.3650/(1.3650 + 1.6174) = 0.4577
//! 1.6174/(1.3650 + 1.6174) = 0.5423

/// The scale factor; for 64 it is 0.125.
pub fn scale(d_k: usize) -> f32 {
    1.0 / (d_k as f32).sqrt()
}
