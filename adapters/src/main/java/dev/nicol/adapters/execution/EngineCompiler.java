package dev.nicol.adapters.execution;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.linq4j.tree.ClassDeclaration;
import org.apache.calcite.linq4j.tree.Expressions;
import org.apache.calcite.runtime.ArrayBindable;
import org.apache.calcite.runtime.Bindable;
import org.apache.calcite.runtime.Typed;
import org.codehaus.commons.compiler.CompileException;
import org.codehaus.commons.compiler.util.reflect.ByteArrayClassLoader;
import org.codehaus.janino.ClassLoaderIClassLoader;
import org.codehaus.janino.Parser;
import org.codehaus.janino.Scanner;
import org.codehaus.janino.UnitCompiler;
import org.codehaus.janino.util.ClassFile;

/**
 * Compiles what the engine generates for a plan, as {@code EnumerableInterpretable} does, but remembers the classes that
 * generated code names. Calcite's own way looks at each of them anew for every plan, and at names that are no classes in
 * every jar there is: most of the time of a small plan.
 */
final class EngineCompiler {
    private static final ClassLoader PARENT = EngineCompiler.class.getClassLoader();

    /** What is remembered also grows by names that no other plan has, so it is dropped after so many plans. */
    private static final int MOST_PLANS = 500;

    /** Characters of Java text whose classes are kept. */
    private static final int MOST_TEXT = 4_000_000;

    /** One thread at a time works with one; as many are kept as were ever at work together. */
    private static final ConcurrentLinkedQueue<KnownClasses> IDLE = new ConcurrentLinkedQueue<>();

    /** Classes of the code that was compiled last, such as a policy's look-ups, by their Java text. */
    private static final Cache<String, Constructor<?>> COMPILED = Caffeine.newBuilder()
            .maximumWeight(MOST_TEXT)
            .weigher((String java, Constructor<?> constructor) -> java.length())
            .build();

    private EngineCompiler() {}

    private static final class KnownClasses {
        private final ClassLoaderIClassLoader classes = new ClassLoaderIClassLoader(PARENT);
        private int plans;
    }

    /** @param constants takes values that generated code asks its context for */
    static Bindable<?> compile(EnumerableRel plan, Map<String, Object> constants) {
        ClassDeclaration generated = new EnumerableRelImplementor(
                        plan.getCluster().getRexBuilder(), constants)
                .implementRoot(plan, EnumerableRel.Prefer.ARRAY);
        String kind = plan.getRowType().getFieldCount() == 1
                ? Bindable.class.getCanonicalName() + ", " + Typed.class.getCanonicalName()
                : ArrayBindable.class.getCanonicalName();
        String java = "public final class " + generated.name + " implements " + kind + " {\n"
                + Expressions.toString(generated.memberDeclarations, "\n", false) + "\n}\n";
        try {
            Constructor<?> known = COMPILED.getIfPresent(java);
            if (known == null) {
                known = new ByteArrayClassLoader(classFiles(java), PARENT)
                        .loadClass(generated.name)
                        .getDeclaredConstructor();
                // Static fields are one plan's own.
                if (!java.contains("static ")) {
                    COMPILED.put(java, known);
                }
            }
            return (Bindable<?>) known.newInstance();
        } catch (CompileException | IOException | ReflectiveOperationException failure) {
            throw new IllegalStateException("generated code does not compile:\n" + java, failure);
        }
    }

    private static Map<String, byte[]> classFiles(String java) throws CompileException, IOException {
        KnownClasses idle = IDLE.poll();
        KnownClasses known = idle == null ? new KnownClasses() : idle;
        List<ClassFile> compiled = new ArrayList<>();
        new UnitCompiler(
                        new Parser(new Scanner(null, new StringReader(java))).parseAbstractCompilationUnit(),
                        known.classes)
                .compileUnit(false, false, false, compiled);
        if (++known.plans < MOST_PLANS) {
            IDLE.add(known);
        }
        Map<String, byte[]> files = new HashMap<>();
        compiled.forEach(file -> files.put(file.getThisClassName(), file.toByteArray()));
        return files;
    }
}
