package dev.nicol.policy.rewrite;

import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.mask.Custom;
import java.util.List;
import java.util.function.Predicate;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.TableFunctionScan;
import org.apache.calcite.rel.core.TableModify;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.schema.TransientTable;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.validate.SqlUserDefinedAggFunction;
import org.apache.calcite.sql.validate.SqlUserDefinedFunction;

/**
 * Proves that a plan reads nothing but sealed tables of one policy fingerprint. It walks everything a plan can hold,
 * sub-queries inside expressions included, and shares no code with the {@link Sealer} whose work it checks. What it does
 * not know, it refuses.
 */
public final class SealProof {
    private final String fingerprint;
    private final Predicate<RelNode> trustedLeaf;
    private final boolean carries;

    private SealProof(String fingerprint, Predicate<RelNode> trustedLeaf, boolean carries) {
        this.fingerprint = fingerprint;
        this.trustedLeaf = trustedLeaf;
        this.carries = carries;
    }

    /**
     * Checks a plan.
     *
     * @param fingerprint of the policy in force for the subject
     * @param trustedLeaf leaves that hold facts of the subject's own catalogue and no stored data
     * @throws dev.nicol.policy.NicolException {@code NOT_PROVEN}
     */
    public static void prove(RelNode plan, String fingerprint, Predicate<RelNode> trustedLeaf) {
        new SealProof(fingerprint, trustedLeaf, false).walk(plan, false);
        JoinKeyProof.prove(plan, SealProof::refused);
    }

    /**
     * Checks a plan whose rows carry primary keys behind what is shown of them.
     *
     * @param shown how many of its columns are shown
     * @throws dev.nicol.policy.NicolException {@code NOT_PROVEN}, also where a row key is among them or does anything else
     */
    public static void proveCarrying(RelNode plan, int shown, String fingerprint, Predicate<RelNode> trustedLeaf) {
        new SealProof(fingerprint, trustedLeaf, true).walk(plan, false);
        JoinKeyProof.prove(plan, SealProof::refused);
        RowKeyProof.prove(plan, shown, SealProof::refused);
    }

    /** @param recursive within a recursive query, where a scan of its own work table is no stored data */
    private void walk(RelNode node, boolean recursive) {
        if (node instanceof SealedScan scan) {
            sealed(scan);
            return;
        }
        if (node instanceof TableScan scan) {
            if (!(recursive && scan.getTable().unwrap(TransientTable.class) != null)) {
                throw refused("it reads a table without a seal");
            }
            return;
        }
        if (node instanceof TableModify || node instanceof TableFunctionScan || !known(node)) {
            throw refused("it holds a `" + node.getRelTypeName() + "`, which is not understood");
        }
        expressions(node, recursive);
        for (RelNode input : node.getInputs()) {
            walk(input, recursive || node instanceof RepeatUnion);
        }
    }

    private boolean known(RelNode node) {
        if (node.getInputs().isEmpty()) {
            return node instanceof Values || trustedLeaf.test(node);
        }
        return node.getClass().getName().startsWith("org.apache.calcite.rel.logical.")
                || node.getClass().getName().startsWith("org.apache.calcite.rel.core.");
    }

    private void expressions(RelNode node, boolean recursive) {
        node.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                walk(subQuery.rel, recursive);
                return super.visitSubQuery(subQuery);
            }

            @Override
            public RexNode visitCall(RexCall call) {
                operator(call.getOperator());
                return super.visitCall(call);
            }

            @Override
            public RexNode visitOver(RexOver over) {
                operator(over.getOperator());
                return super.visitOver(over);
            }
        });
    }

    /** No function that somebody else's code implements. */
    private static void operator(SqlOperator operator) {
        if (operator instanceof SqlUserDefinedFunction || operator instanceof SqlUserDefinedAggFunction) {
            throw refused("it calls `" + operator.getName() + "`, which is not understood");
        }
    }

    private void sealed(SealedScan scan) {
        Decision decision = scan.decision();
        if (!scan.fingerprint().equals(fingerprint)) {
            throw refused("its seal is of another policy");
        }
        if (!decision.visible()
                || !decision.table().parts().equals(scan.getTable().getQualifiedName())) {
            throw refused("its seal is of another table");
        }
        if (!(scan.governed() instanceof Project project)) {
            throw refused("its seal shows stored columns");
        }
        if (scan.rowKeys() > 0 && !carries) {
            throw refused("its seal shows a row key");
        }
        keys(scan, project, masks(project, decision));
        RelNode under = project.getInput();
        if (!decision.rowFilters().isEmpty()) {
            if (!(under instanceof Filter filter)) {
                throw refused("its seal lacks the row filter");
            }
            under = filter.getInput();
        }
        if (!(under instanceof SourceScan)) {
            // A view: what it reads is sealed for this subject too.
            walk(under, false);
            if (!scan.keys().isEmpty()) {
                throw refused("its seal has join keys of a view");
            }
        } else if (under.getTable() == null
                || !under.getTable().getQualifiedName().equals(decision.table().parts())) {
            throw refused("its seal holds something other than its table");
        }
        for (RexNode predicate : scan.crossing()) {
            if (!Leakproof.total(predicate, scan) && !Leakproof.raw(predicate, scan)) {
                throw refused("a predicate crossed its seal that may not");
            }
            crossed(predicate, decision);
        }
    }

    /** A masked column means its stored value inside the seal: only a grant may say so. */
    private static void crossed(RexNode predicate, Decision decision) {
        List<Decision.Column> shown =
                decision.columns().stream().filter(column -> !column.denied()).toList();
        predicate.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitInputRef(RexInputRef reference) {
                Decision.Column column = shown.get(reference.getIndex());
                if (column.mask() != null && column.filterable().isEmpty()) {
                    throw refused("a condition crossed its seal and reads a masked column");
                }
                return null;
            }
        });
    }

    /** Behind the columns that are shown stand the announced join keys and row keys, and nothing else. */
    private static void keys(SealedScan scan, Project project, int shown) {
        int width = project.getProjects().size();
        if (width - scan.rowKeys() < shown
                || project.getProjects().subList(width - scan.rowKeys(), width).stream()
                        .anyMatch(key -> !(key instanceof RexInputRef))) {
            throw refused("its seal has a row key that is no stored column");
        }
        List<RexNode> keys = project.getProjects().subList(shown, width - scan.rowKeys());
        if (keys.size() != scan.keys().size()) {
            throw refused("its seal shows a column too many");
        }
        for (int i = 0; i < keys.size(); i++) {
            JoinKeyProof.made(keys.get(i), scan.keys().get(i), scan.decision(), SealProof::refused);
        }
    }

    /**
     * No denied column is read, and no masked column stands bare.
     *
     * @return how many columns are shown
     */
    private static int masks(Project project, Decision decision) {
        List<RexNode> shown = project.getProjects();
        int at = 0;
        for (int stored = 0; stored < decision.columns().size(); stored++) {
            Decision.Column column = decision.columns().get(stored);
            if (column.denied()) {
                continue;
            }
            if (at == shown.size()) {
                throw refused("its seal lacks a column");
            }
            RexNode expression = shown.get(at++);
            if (column.mask() instanceof Custom) {
                custom(expression);
                continue;
            }
            boolean bare = expression instanceof RexInputRef;
            if (bare && column.mask() != null) {
                throw refused("its seal shows a masked column");
            }
            reads(expression, decision, stored);
        }
        return at;
    }

    /** An expression for one column reads that column only, or at least none that is denied. */
    private static void reads(RexNode expression, Decision decision, int stored) {
        expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitInputRef(RexInputRef reference) {
                Decision.Column read = decision.columns().get(reference.getIndex());
                if (reference.getIndex() != stored && (read.denied() || read.mask() != null)) {
                    throw refused("its seal shows a hidden column under another name");
                }
                return null;
            }
        });
    }

    /** A custom mask is what a policy wrote over the raw row, hidden columns too; it reads this row and nothing else. */
    private static void custom(RexNode expression) {
        expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitCall(RexCall call) {
                operator(call.getOperator());
                return super.visitCall(call);
            }

            @Override
            public Void visitSubQuery(RexSubQuery subQuery) {
                throw refused("a mask of its seal reads other rows");
            }

            @Override
            public Void visitOver(RexOver over) {
                throw refused("a mask of its seal reads other rows");
            }

            @Override
            public Void visitCorrelVariable(RexCorrelVariable variable) {
                throw refused("a mask of its seal reads other rows");
            }
        });
    }

    private static RuntimeException refused(String reason) {
        return NicolError.NOT_PROVEN.because("This statement cannot be proven governed and was not run: " + reason
                + ". Rewrite it with plain SQL, or report it.");
    }
}
