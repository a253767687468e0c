//! Values to answers of `MeasureService`.

use jiff::Timestamp;
use kernel::ResourceId as _;
use sla_monitor_domain::fairness::{Compared, Group, LEAST_DECIDED, Silent, Test, Verdict};
use sla_monitor_domain::figures::{Figure, Parameter};
use sla_monitor_domain::foresight::{Calibration, Judged, Record, Row};
use sla_monitor_domain::quantile::Durations;
use ventanilla_proto::sla::v1 as proto;

use super::measured;
use super::present::{self, duration, percentiles, time};
use crate::names::{CallName, ClockId};
use crate::policy;
use crate::store::parameters::Period;
use crate::usecase::explain_call::Explained;
use crate::usecase::forecast_breach;
use crate::usecase::forecast_resolution::Cohort;
use crate::usecase::get_calibration::{self, SHARES};
use crate::usecase::get_fairness;
use crate::usecase::get_service_parameters::{self as parameters, Parameters, Target};

/// The parameters of a period.
pub fn parameters(told: Parameters, period: &Period) -> proto::ServiceParameters {
    let Parameters { calls, waited, humans, resolved, causes, targets, now } = told;
    let mut all = vec![
        parameter(&calls.human, Some(&humans)),
        parameter(&calls.supervisor[0], None),
        parameter(&calls.supervisor[1], None),
        parameter(&calls.answered.parameter, Some(&waited)),
    ];
    all.extend(resolved.iter().map(|(resolved, took)| parameter(resolved, Some(took))));
    all.extend(causes.iter().map(|cause| parameter(cause, None)));
    proto::ServiceParameters {
        from_time: Some(time(period.from)),
        to_time: Some(time(period.to)),
        department: period.department.clone().unwrap_or_default(),
        as_of_time: Some(time(now)),
        parameters: all,
        abandoned_reading: policy::abandoned_to_proto(calls.answered.reading).into(),
        abandoned_counted: wire(calls.answered.abandoned_counted),
        abandoned_apart: wire(calls.answered.abandoned_apart),
        hung_up_count: wire(calls.answered.hung_up),
        not_included_es: NOT_INCLUDED.map(|(es, _)| es.to_owned()).to_vec(),
        not_included_en: NOT_INCLUDED.map(|(_, en)| en.to_owned()).to_vec(),
        house_targets: targets.iter().map(target).collect(),
    }
}

fn target(target: &Target) -> proto::HouseTarget {
    let Target { rule, metric, percent, attained } = target;
    proto::HouseTarget {
        policy: format!("policies/{}", rule.id),
        policy_version: rule.version,
        metric: policy::metric_to_proto(*metric).into(),
        term: rule.term.map(|term| term.to_string()).unwrap_or_default(),
        target_percent: i32::from(*percent),
        kept_count: wire(attained.kept),
        missed_count: wire(attained.missed),
        left_out_count: wire(attained.left_out),
        share: attained.share(),
        met: attained.met(*percent),
        at_target_duration: attained.at_target(*percent).and_then(duration),
        percentiles: parameters::percentiles(&attained.took).and_then(|micros| percentiles(&micros)),
        summary_es: rule.es.clone(),
        summary_en: rule.en.clone(),
    }
}

/// A call, what was made of it, and why.
pub fn call(name: &CallName, told: Explained) -> proto::CallExplanation {
    let Explained { call, recorded, judgements } = told;
    let (mut judged, mut proofs) = (Vec::with_capacity(judgements.len()), Vec::with_capacity(judgements.len()));
    for (judgement, rule, proof) in judgements {
        judged.push(judgement);
        proofs.push(present::proof(proof, &rule));
    }
    proto::CallExplanation {
        name: name.to_string(),
        call: Some(measured::judged(&call, &judged)),
        record_time: Some(time(recorded)),
        proofs,
    }
}

const NOT_INCLUDED: [(&str, &str); 2] = [
    (
        "De las causas se cuentan las que constan, cada una por sí sola; su árbol y lo que costaron lo cuenta el servicio de expedientes (MeasureRootCauses).",
        "Of causes those that were stated are counted, each by itself; their tree, and what they cost, are counted by the service of affairs (MeasureRootCauses).",
    ),
    ("Lo que ningún sistema telefónico comunicó no está contado.", "What no telephone system reported is not counted."),
];

fn wire(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn parameter(parameter: &Parameter, served: Option<&Durations>) -> proto::ServiceParameter {
    let (figure, error) = (parameter.figure, parameter.error);
    let (definition_es, definition_en) = definition(figure);
    proto::ServiceParameter {
        id: figure.id().to_owned(),
        article: parameter.asked.article.clone(),
        of: parameter.of.clone().unwrap_or_default(),
        with_count: wire(parameter.counted.with()),
        of_count: wire(parameter.counted.of()),
        share: parameter.share(),
        target_percent: parameter.asked.percent.map(i32::from),
        met: parameter.met(),
        at_target_duration: parameter.at_target.and_then(duration),
        percentiles: served.and_then(parameters::percentiles).and_then(|micros| percentiles(&micros)),
        error: Some(proto::ErrorBound {
            low: error.interval[0],
            high: error.interval[1],
            reach: error.reach,
            most: error.most,
            within: error.within(),
            needed_count: wire(error.needed),
        }),
        less_than_duration: parameter.asked.less_than.and_then(duration),
        law_from_date: parameter.law.from.to_string(),
        error_citation: parameter.law.error_citation.clone(),
        definition_es: definition_es.to_owned(),
        definition_en: definition_en.to_owned(),
    }
}

const fn definition(figure: Figure) -> (&'static str, &'static str) {
    match figure {
        Figure::CallsAnswered => (
            "Llamadas telefónicas llegadas en el periodo que fueron atendidas de forma efectiva en menos de tres minutos desde su llegada, entre las atendidas, \
             las que la empresa colgó y las abandonadas según la lectura indicada.",
            "Calls by phone that arrived in the period and were answered effectively in less than three minutes from their arrival, of those that were answered, \
             those that the house hung up, and those that were given up, by the reading that is stated.",
        ),
        Figure::HumanOnRequest => (
            "Solicitudes de atención por una persona, por cualquier canal, a las que una persona atendió en menos de tres minutos desde la solicitud, entre todas las del \
             periodo; el 95 % se toma sobre todas ellas y no como media de los días.",
            "Requests for a person, on any channel, that a person took in less than three minutes from the request, of all of the period; the 95 % is of all of them and not a \
             mean of its days.",
        ),
        Figure::SupervisorAtOnce => (
            "Solicitudes de un supervisor que se atendieron en la misma comunicación y en menos de tres minutos desde la solicitud, entre todas las del periodo; la ley no fija \
             para ellas una proporción.",
            "Requests for a supervisor that were met in the same communication and in less than three minutes from the request, of all of the period; the law sets no share for them.",
        ),
        Figure::SupervisorSameDay => (
            "Solicitudes de un supervisor que se atendieron en la misma comunicación en menos de tres minutos, o antes de acabar el mismo día hábil, entre todas las del periodo; en un día inhábil, \
             antes de acabar el siguiente día hábil.",
            "Requests for a supervisor that were met in the same communication in less than three minutes, or before the end of the same business day, of all of the period; on a day off, before the end of the \
             next business day.",
        ),
        Figure::ResolvedInTerm => (
            "Plazos legales de resolver y contestar, de los asuntos recibidos por primera vez en el periodo, que se cumplieron, entre los cumplidos, los cumplidos tarde y los \
             vencidos sin cumplir; los abiertos que aún no vencen no cuentan.",
            "Legal terms to resolve and answer, of affairs first received in the period, that were met in time, of those that were met, met late, or passed unmet; open ones that are \
             not due yet do not count.",
        ),
        Figure::Cause => (
            "Quejas y reclamaciones recibidas por primera vez en el periodo de las que esta causa fue la última que se indicó, entre todas ellas; \
             «not_stated» son aquellas de las que no se indicó ninguna.",
            "Complaints first received in the period of which this cause was stated last, of all of them; «not_stated» are those of which none was.",
        ),
    }
}

/// The fair service index.
pub fn fairness(told: &get_fairness::Told, from: Timestamp, to: Timestamp) -> proto::Fairness {
    let dimensions = told.service.dimensions.iter().zip(&told.unknown);
    proto::Fairness {
        from_time: Some(time(from)),
        to_time: Some(time(to)),
        as_of_time: Some(time(told.now)),
        index: told.service.index,
        dimensions: dimensions.map(|(compared, unknown)| dimension(compared, *unknown)).collect(),
        definitions_es: FAIRNESS.map(|(es, _)| es.to_owned()).to_vec(),
        definitions_en: FAIRNESS.map(|(_, en)| en.to_owned()).to_vec(),
    }
}

const FAIRNESS: [(&str, &str); 4] = [
    (
        "Un asunto recibido por primera vez en el periodo cuenta una vez, y está cumplido si se cumplieron todos los plazos debidos al cliente que ya se decidieron.",
        "An affair first received in the period counts once, and is kept if every term owed to the customer that is decided was kept.",
    ),
    (
        "Se comparan los grupos con veinte asuntos decididos o más; lo que no consta no es un grupo.",
        "Groups with twenty decided affairs or more are compared; what is not known is no group.",
    ),
    (
        "Hay disparidad cuando el azar la explica con menos del 5 %, corregido por el número de dimensiones (Holm), y la distancia es de dos puntos o más; no prueba su causa.",
        "There is a disparity where chance explains it with less than 5 %, corrected for the number of dimensions (Holm), and the gap is two points or more; it proves no cause.",
    ),
    (
        "La antigüedad va de la primera compra o del primer contrato que consta a la recepción; el segmento es lo gastado en el año anterior. Se preguntan cuando el asunto llega, y no constan de los anteriores.",
        "Tenure is from the first purchase or contract that is known to the receipt; segment is what was spent in the year before. Both are asked about when an affair arrives, and are not known of earlier ones.",
    ),
];

fn dimension(compared: &Compared, unknown: u64) -> proto::FairnessDimension {
    let (verdict, disparity) = match &compared.verdict {
        Verdict::Silent(Silent::TooFew) => (proto::FairnessVerdict::TooFew, None),
        Verdict::Silent(Silent::NoEvidence) => (proto::FairnessVerdict::NoEvidence, None),
        Verdict::Silent(Silent::Slight) => (proto::FairnessVerdict::Slight, None),
        Verdict::Disparity(disparity) => (proto::FairnessVerdict::Disparity, Some(disparity)),
    };
    proto::FairnessDimension {
        dimension: compared.dimension.as_str().to_owned(),
        groups: compared.groups.iter().map(group).collect(),
        unknown_count: wire(unknown),
        verdict: verdict.into(),
        worse_group: disparity.map(|disparity| disparity.group.clone()).unwrap_or_default(),
        rest_attainment: disparity.map(|disparity| disparity.rest),
        test: match compared.test {
            None => proto::FairnessTest::Unspecified,
            Some((Test::ChiSquare { .. }, _)) => proto::FairnessTest::ChiSquare,
            Some((Test::Fisher, _)) => proto::FairnessTest::Fisher,
        }
        .into(),
        p_value: compared.corrected,
        worst_to_best: compared.worst_to_best,
        keeps_four_fifths: compared.keeps_four_fifths(),
    }
}

fn group(group: &Group) -> proto::FairnessGroup {
    let [low, high] = group.interval();
    proto::FairnessGroup {
        name: group.name().to_owned(),
        kept_count: wire(group.counted().with()),
        decided_count: wire(group.counted().of()),
        attainment: group.attainment(),
        low,
        high,
        compared: group.counted().of() >= LEAST_DECIDED,
    }
}

/// How well breaches are foretold.
pub fn calibration(told: &get_calibration::Told, asked: &get_calibration::Asked) -> proto::CalibrationReport {
    let mut all = Record::default();
    told.lines.departments.values().for_each(|judged| all.merge(&judged.record));
    let by_department =
        told.lines.departments.iter().map(|(department, judged)| department_calibration(department, judged));
    let by_queue = told.lines.queues.iter().map(|(queue, judged)| queue_calibration(queue, judged));
    proto::CalibrationReport {
        from_time: Some(time(asked.from)),
        to_time: Some(time(asked.to)),
        as_of_time: Some(time(told.now)),
        total: all.calibration().map(calibrated),
        by_department: by_department.collect(),
        by_queue: by_queue.collect(),
        definitions_es: calibration_definitions().map(|(es, _)| es).to_vec(),
        definitions_en: calibration_definitions().map(|(_, en)| en).to_vec(),
    }
}

fn calibration_definitions() -> [(String, String); 3] {
    let [early, half, late] = SHARES;
    [
        (
            format!("De cada plazo ya decidido se pronostica lo que se habría dicho al {early} %, al {half} % y al {late} % de su término, con lo que se sabía antes y nada posterior."),
            format!("Of each term that is decided it is foretold what would have been told at {early} %, {half} % and {late} % of it, from what was known before and nothing later."),
        ),
        (
            format!("Cuentan los plazos que empezaron en el periodo, los {} últimos como mucho; los retirados antes de vencer no cuentan.", crate::store::foresight::MOST_JUDGED),
            format!("Terms that started in the period count, the last {} at most; those that fell away before they were due do not.", crate::store::foresight::MOST_JUDGED),
        ),
        (
            "Índice de Brier: media de (probabilidad - resultado) al cuadrado; cuanto más bajo, mejor, y menor que la climatología si el pronóstico sirve de algo.".to_owned(),
            "Brier score: the mean of (probability - outcome) squared; the lower the better, and below climatology where the forecast is of any use.".to_owned(),
        ),
    ]
}

fn department_calibration(department: &str, judged: &Judged) -> proto::DepartmentCalibration {
    proto::DepartmentCalibration {
        department: department.to_owned(),
        calibration: judged.record.calibration().map(calibrated),
        too_few_count: wire(judged.too_few),
    }
}

fn queue_calibration(queue: &str, judged: &Judged) -> proto::QueueCalibration {
    proto::QueueCalibration {
        queue: queue.to_owned(),
        calibration: judged.record.calibration().map(calibrated),
        too_few_count: wire(judged.too_few),
    }
}

fn calibrated(told: Calibration) -> proto::Calibration {
    let row = |row: Row| proto::CalibrationRow {
        from: row.from,
        told: row.told,
        observed: row.observed,
        count: wire(row.count),
    };
    proto::Calibration {
        count: wire(told.count),
        base_rate: told.base_rate,
        brier_score: told.brier,
        climatology: told.climatology,
        skill: told.skill,
        reliability: told.reliability,
        resolution: told.resolution,
        uncertainty: told.uncertainty,
        within: told.within,
        rows: told.rows.into_iter().map(row).collect(),
    }
}

/// How likely a clock is to be breached.
pub fn breach(clock: ClockId, told: &forecast_breach::Told) -> proto::BreachForecast {
    let basis = |of: Option<usize>| of.and_then(|count| i64::try_from(count).ok()).unwrap_or_default();
    proto::BreachForecast {
        clock: clock.name(),
        due_time: Some(time(told.due)),
        as_of_time: Some(time(told.now)),
        breach_probability: told.foresight.map(|foresight| foresight.breach),
        answered_count: basis(told.foresight.map(|foresight| foresight.answered)),
        open_count: basis(told.foresight.map(|foresight| foresight.open)),
        cohort: match told.cohort {
            Cohort::Department => proto::ForecastCohort::Department,
            Cohort::House => proto::ForecastCohort::House,
            Cohort::TooFew => proto::ForecastCohort::TooFew,
        }
        .into(),
    }
}
