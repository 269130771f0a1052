//! `rejoinder.Gatherer`: a sample over tables that no single process holds, for the verbs `audit` and `calibrate`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rejoinder::failure::Failure;
use rejoinder_run::RunError;
use rejoinder_run::gathering::{GatheredPart, Gatherer, GatheringTerms, JudgedCounts};
use rejoinder_scan::Worker;
use serde::de::DeserializeOwned;

use crate::engine::PyEngine;
use crate::error::{detached, exception};
use crate::held_table::HeldTable;
use crate::places::{PlaceColumns, Places};

/// Draws a sample of the later turns of a data set, batch by batch, on any number of machines.
///
/// Each batch becomes a part (`of_batch`), parts are added in any order (`add`), and the whole is written as a folder (`write`) that
/// `rejoinder audit FOLDER` or `rejoinder calibrate FOLDER` takes. The draw is uniform over all later turns and follows from the seed
/// alone.
#[pyclass(name = "Gatherer", module = "rejoinder", frozen)]
pub struct PyGatherer {
    gatherer: Gatherer,
    gathered: Mutex<Option<GatheredPart>>,
}

#[pymethods]
impl PyGatherer {
    /// Args:
    ///     engine: Decides about turns. For an audit give the engine that made the rows.
    ///     terms: JSON that says what is drawn, with which seed, and by what turns are told apart: see the manual.
    ///
    /// Raises:
    ///     UsageError: The terms cannot be meant so.
    #[new]
    fn new(py: Python<'_>, engine: &PyEngine, terms: &str) -> PyResult<Self> {
        let terms: GatheringTerms = parsed("terms", terms).map_err(exception)?;
        let engine = Arc::clone(&engine.engine);
        let gatherer = detached(py, move || Ok(Gatherer::new(engine, terms)?))?;
        Ok(Self { gatherer, gathered: Mutex::default() })
    }

    /// The part of a batch of conversations, as bytes. It depends on the batch and the terms alone.
    ///
    /// Args:
    ///     table: A batch of conversations; each conversation must be one row.
    ///     shard, ordinal: Columns as in `Engine.scan`.
    ///
    /// Raises:
    ///     Error: As `Engine.scan`.
    #[pyo3(signature = (table, *, shard=None, ordinal=None))]
    fn of_batch<'p>(
        &self,
        py: Python<'p>,
        table: &Bound<'_, PyAny>,
        shard: Option<String>,
        ordinal: Option<String>,
    ) -> PyResult<Bound<'p, PyBytes>> {
        let table = HeldTable::of(py, table)?;
        let columns = PlaceColumns { shard, ordinal };
        let part = detached(py, || self.part(&table, &columns))?;
        Ok(PyBytes::new(py, &part))
    }

    /// Adds a part to what is gathered here.
    ///
    /// Raises:
    ///     ConfigError: These are no bytes of a part, a batch comes twice, or the part was made with other terms, rules or plugins.
    fn add(&self, py: Python<'_>, part: &[u8]) -> PyResult<()> {
        detached(py, || {
            let part = GatheredPart::from_bytes(part).map_err(RunError::from)?;
            self.merge(part)
        })
    }

    /// Writes what is gathered as a folder for the verb that the terms name.
    ///
    /// Args:
    ///     name: What the data set is called, for reports.
    ///     folder: The folder to make.
    ///     judged: JSON of what the judge said of the waiting turns, for an audit: see the manual. Without it they count as missed.
    ///
    /// Raises:
    ///     UsageError: The counts cannot be true, or the folder holds something else.
    #[pyo3(signature = (name, folder, *, judged=None))]
    fn write(&self, py: Python<'_>, name: &str, folder: PathBuf, judged: Option<&str>) -> PyResult<()> {
        let judged: Option<JudgedCounts> =
            judged.map(|counts| parsed("judged", counts)).transpose().map_err(exception)?;
        detached(py, move || {
            let all = self.gathered.lock().unwrap_or_else(PoisonError::into_inner).take();
            let all = all.unwrap_or_else(|| self.gatherer.begin());
            Ok(self.gatherer.write(all, name, judged.as_ref(), &folder)?)
        })
    }
}

impl PyGatherer {
    fn part(&self, table: &HeldTable, columns: &PlaceColumns) -> Result<Vec<u8>, Failure> {
        let engine = self.gatherer.engine();
        let reader = table.conversations(engine)?;
        if reader.joins_rows() {
            return Err(Failure::usage(format!(
                "a conversation is made of several rows here ({}), which may stand in several batches",
                reader.evidence.text
            )));
        }
        let places = Places::of_columns(columns, &table.batches, 0)?;
        let mut worker = Worker::new(engine)?;
        let mut part = self.gatherer.begin();
        for chunk in reader.chunks(table.batches.iter().cloned()) {
            let mut scanned = worker.scan(&chunk)?;
            places.put(&mut scanned);
            part.merge(self.gatherer.of_batch(&scanned)?).map_err(RunError::from)?;
        }
        Ok(part.to_bytes())
    }

    fn merge(&self, part: GatheredPart) -> Result<(), Failure> {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let all = gathered.get_or_insert_with(|| self.gatherer.begin());
        Ok(all.merge(part).map_err(RunError::from)?)
    }
}

fn parsed<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|why| Failure::usage(format!("{what}: {why}")))
}
