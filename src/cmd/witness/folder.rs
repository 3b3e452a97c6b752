//! The directory of a witness, as an argument.

use std::path::PathBuf;

use crate::cmd::Failure;
use crate::data::read_cosigning_key;
use crate::witness::{ServeError, State, WitnessDir};

/// Where the witness is.
#[derive(Debug, clap::Args)]
pub(super) struct FolderArg {
    /// The witness's directory, made by `witness init`.
    #[arg(
        long = "data",
        value_name = "DIR",
        default_value = "./indelible-witness",
        env = "INDELIBLE_WITNESS"
    )]
    path: PathBuf,
}

impl FolderArg {
    pub(super) fn folder(&self) -> WitnessDir {
        WitnessDir::at(&self.path)
    }

    /// The state, checked, whether the witness is served or not.
    pub(super) fn state(&self) -> Result<State, Failure> {
        let folder = self.folder();
        if !folder.key().exists() {
            return Err(ServeError::NoWitness(folder.path().to_owned()).into());
        }
        let cosigner = read_cosigning_key(&folder.key())?.cosigner();
        Ok(State::open(&folder.state(), &cosigner).map_err(ServeError::from)?)
    }
}
