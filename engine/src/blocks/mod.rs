//! The parts that methods are built of, with the papers' names. A block holds [`crate::weights::Slot`]s; values come
//! with each call.

pub mod activation;
pub mod batch_norm;
pub mod convolution;
pub mod decoders;
pub mod dropout;
pub mod encoders;
pub mod influence;
pub mod linear;
pub mod masks;
pub mod objectives;
pub mod positions;
pub mod tokenizers;
